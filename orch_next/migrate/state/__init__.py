"""What the step `state` knows about MOC's ledgers: encodings, dialects, two roots, sections."""
