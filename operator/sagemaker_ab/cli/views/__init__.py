"""Pure drawing: data in, rich renderables or text out."""
