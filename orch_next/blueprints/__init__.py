"""HTTP: one module is one blueprint; views only translate."""
