"""How far figures may be off: many worlds drawn from what is not known, each priced by the evaluator."""
