"""What a template hands over besides words: PDF, calendar files, QR and bar codes, files by reference."""
