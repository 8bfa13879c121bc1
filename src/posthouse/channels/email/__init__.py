"""E-mail: composing, signing and handing over."""
