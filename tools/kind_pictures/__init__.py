"""The pictures of docs/kinds.md: what workers answered beside what the kind makes of it, drawn from the kind's own label."""
