"""What the product is compared with: the same work in the usual ways."""
