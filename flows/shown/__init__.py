"""What commands print and draw: texts, tables, documents, funnels, results; no arguments and no decisions."""
