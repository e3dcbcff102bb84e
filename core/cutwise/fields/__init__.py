"""What people give for a field: typed quantities, words of earlier versions, numbers within bounds."""
