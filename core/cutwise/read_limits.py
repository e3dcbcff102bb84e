"""What files and links may ask of the machine at most: every bound a reader keeps, with its reason.

A file that nobody vouches for is refused with a sentence before it costs more than this.
"""

from __future__ import annotations

# Of the guarded process that reads an upload.
# The slowest real file tried, 2 GB with 10,000 nodes, takes about 5 s on two busy cores.
READER_WALL_S = 60
READER_CPU_S = 30
# Python, numpy and onnx reserve some 400 MB; the mapped file comes on top.
READER_MEMORY_BYTES = 1 * 2**30
# The graph of 50,000 nodes is about 20 MB as JSON.
READER_RESULT_BYTES = 256 * 2**20
READER_OPEN_FILES = 64

# Of any model file.
# Long enough to hold every magic number, the tar one at byte 257 being the furthest.
HEAD_BYTES = 4096
# The largest exported language models have about 10,000; planning more takes minutes of a shared server.
MODEL_OPS = 50_000
# Concatenations read many ops, all others few.
MODEL_LINKS = 10 * MODEL_OPS
# The largest exported language models have about 10,000 nodes; each costs some 0.1 ms.
GRAPH_NODES = 50_000
# Graph, node, attribute, graph, …: five nested branches. Exporters reach three.
GRAPH_DEPTH = 20
# A terabyte in fp32: no tensor of a real model comes near.
TENSOR_ELEMENTS = 2**38
# Longer names are cut: they are shown, never looked up.
NAME_CHARACTERS = 200
# The longest warnings list some ten names.
SENTENCE_CHARACTERS = 4000

# Pixels of a side, as far as configurations are believed.
PICTURE_SIDE = 2**24
# Nodes that may be walked in search of sizes: a second or two.
SEARCHED_NODES = 12_000
# A loop that says it runs more often says that it runs for ever.
LOOP_ENDLESS_TRIPS = 2**31
# State space models have no longest text; beyond this nobody has trained one.
STATE_SPACE_TOKENS = 2**20
# Weights that share a scale: published formats have up to some thousands.
QUANTISED_BLOCK = 1_000_000
# Adapters: ranks up to the widest layers, a module by each of its names, layers as in configurations.
ADAPTER_RANK = 65_536
ADAPTER_TARGETS = 64
ADAPTER_LAYERS = 1000

# Of JSON.
# Files beside a model are looked into to name them; the longest, lists of tokens, are named by their heads.
NAMED_JSON_BYTES = 1 * 2**20
# A file held in memory as text: 50,000 hand-written ops are about 12 MB.
JSON_FILE_BYTES = 64 * 2**20
# Parsed JSON takes up to 30 times its text; above this size it is parsed where memory is limited.
IN_PROCESS_BYTES = 8 * 2**20
# The largest float has 309 digits; longer integers are refused before they are converted.
INTEGER_DIGITS = 309

# Of ONNX files.
# A protobuf message cannot be longer; larger models keep their weights in a second file.
ONNX_FILE_BYTES = 2 * 2**30
# A graph of 50,000 nodes is about 20 MB; the parser needs some ten times the bytes it reads.
ONNX_GRAPH_BYTES = 128 * 2**20
# Tensors that decide shapes are far smaller, weights mostly larger.
ONNX_KEPT_PAYLOAD_BYTES = 64 * 2**10
# Producer, version and a line of documentation stand before the graph, if anything does.
ONNX_SNIFFED_BYTES = 64 * 2**10
# Values are followed only to learn shapes; the longest such lists are token positions.
ONNX_VALUE_ELEMENTS = 2**14
# A loop of more nodes, all turns together, is walked once and its turns are counted.
ONNX_LOOP_NODES = 2**11
# A list of the modules around one node, written as Python; those of real models take some hundred.
ONNX_SCOPES_CHARACTERS = 4096

# Of zip files and of the torch.export archives among them.
# A directory longer than this is no model archive but an attack on whoever lists it.
ZIP_DIRECTORY_BYTES = 4 * 2**20
# An archive has one entry a weight; the largest exported models have some thousands.
ZIP_ENTRIES = 20_000
# Real programs compress to a thirtieth at best.
ZIP_RATIO = 200
# The program of 20,000 ops, stack traces included, is about 40 MB; as Python objects it takes ten times that.
TORCH_JSON_BYTES = 64 * 2**20
# Many of PyTorch's own operators take no more.
TORCH_AXES = 64
# Modules of real models nest some ten deep.
TORCH_MODULES_DEEP = 40
# Shown as what made the file.
PRODUCER_CHARACTERS = 100
# No window, step or number of groups is larger.
TORCH_LARGEST_COUNT = 2**31
# PyTorch writes some hundred characters for the sizes of a deep convolutional network.
EXPRESSION_CHARACTERS = 4096
# A counter is followed so far to learn how often a loop runs.
LOOP_TRIPS = 100_000
EXPRESSION_DEPTH = 60
EXPRESSION_EXPONENT = 8
# No axis of a real tensor is longer; intermediate values of a size stay far below its square.
AXIS_SIZE = 2**40

# Of what Hugging Face publishes.
# The largest models published have some hundred shards.
FOLDER_FILES = 10_000
# As in the format's own library; the largest header published is some megabytes.
SAFETENSORS_HEADER_BYTES = 100 * 10**6
# Real tensors have six at most.
SAFETENSORS_AXES = 32
# Where signed 64-bit sizes end.
SAFETENSORS_SIZE = 2**63
# Of GGUF files.
# The head names a file of tens of gigabytes well enough.
GGUF_HASHED_BYTES = 2**20
# The largest mixtures have some thousand tensors, and files some hundred values.
GGUF_ENTRIES = 65_536
# llama.cpp reads names of 64 bytes; names of values are paths of some hundred.
GGUF_NAME_BYTES = 65_535
GGUF_AXES = 8
# Vocabulary, merges and token types of the largest tokenizers are about a million texts.
GGUF_TEXTS = 2**23
# Chat templates are the longest texts, and nobody reads them here.
GGUF_KEPT_CHARACTERS = 4096
# Sizes that differ from layer to layer: as many numbers as layers.
GGUF_KEPT_NUMBERS = 4096
# Of Keras and TensorFlow Lite files.
# The largest published models have three thousand layers; models called in models multiply theirs.
KERAS_CALLS = 10_000
# No axis, window or width of a published layer is larger.
LAYER_SIZE = 2**24
# Attributes lie in messages of at most 64 KB; the root group of the largest models has some tens.
HDF5_HEADER_BYTES = 2**24
HDF5_MESSAGES = 65_536
# Tensors, operators and buffers of the largest models are some ten thousand.
TFLITE_ITEMS = 2**18
TFLITE_AXES = 16
# The longest names of families and activations have some thirty letters.
WORD_CHARACTERS = 64
