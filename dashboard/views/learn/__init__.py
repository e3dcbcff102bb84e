""""""


def show(*a):
    pass
