"""What files say of number formats, quantisation and adapters, beside the sizes of the model."""
