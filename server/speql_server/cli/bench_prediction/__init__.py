"""`speql bench prediction`: how well what comes next is predicted."""
