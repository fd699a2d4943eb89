"""This part of the workflow gets the images and their labels.

Its sources are in config.yaml, under dataset.  It makes:

    data/{name}/train-images-idx3-ubyte and train-labels-idx1-ubyte
    data/{name}/t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, the test set
"""

DATA = f"data/{config['dataset']['name']}"
FILES = config["dataset"]["files"]
TRAIN, TEST = ("train_images", "train_labels"), ("test_images", "test_labels")
SHA256 = [FILES[name]["sha256"] for name in TRAIN]
TEST_SHA256 = [FILES[name]["sha256"] for name in TEST]
CLASSES = config["dataset"]["classes"]


# compute nodes of a cluster have no network
localrules:
    download,


rule download:
    """Get the data set, whole and right, from the first source that has it."""

    # update: a file that is right stays, whatever becomes of the others
    output:
        train_images=update(f"{DATA}/train-images-idx3-ubyte"),
        train_labels=update(f"{DATA}/train-labels-idx1-ubyte"),
        test_images=update(f"{DATA}/t10k-images-idx3-ubyte"),
        test_labels=update(f"{DATA}/t10k-labels-idx1-ubyte"),
    log:
        "logs/download.txt",
    benchmark:
        "benchmarks/download.tsv"
    resources:
        runtime=60,
    params:
        files=as_json([FILES[name] for name in TRAIN + TEST]),
    # The digests fix the bytes, so neither the sources nor the code are parameters, and
    # a change of them downloads nothing again.
    # Standard error goes to the terminal, for the progress bar.
    shell:
        """
        python -m mlp.data.download \
            --sources "$DATASET_SOURCES" \
            --files {params.files:q} \
            --outputs {output:q} \
            >{log:q}
        """
