"""What goes to a telephone: SMS, push and WhatsApp, as written and as rendered (docs/explain/sms-push-whatsapp.md)."""

from posthouse.core.templates.mobile.content import FORMATS, Content, filled, programs_of, read_content, shown

__all__ = ["FORMATS", "Content", "filled", "programs_of", "read_content", "shown"]
