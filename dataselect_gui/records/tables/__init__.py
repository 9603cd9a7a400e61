"""Tables in files, whoever reads them: rows, texts, or what is said of images."""
