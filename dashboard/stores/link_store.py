import base64, pickle
def address_of(s): return base64.urlsafe_b64encode(pickle.dumps(s)).decode()[:1000000]
def stated_at(a): return pickle.loads(base64.urlsafe_b64decode(a)), ""
