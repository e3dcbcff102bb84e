""""""
def show(*a): pass
