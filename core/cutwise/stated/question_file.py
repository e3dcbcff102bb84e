def dump_question(stated):
    return ""


def opened_file(content, *, name, now):
    return None
