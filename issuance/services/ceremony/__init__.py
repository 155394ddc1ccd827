"""Key ceremonies: roots, issuing authorities, generations, records."""
