"""
This part of the workflow gets the images and their labels.

REQUIRED INPUTS:

    none; the sources are in config.yaml, under dataset

OUTPUTS:

    data/{name}/train-images-idx3-ubyte and train-labels-idx1-ubyte
    data/{name}/t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, the test set
"""

DATA = f"data/{config['dataset']['name']}"
FILES = config["dataset"]["files"]
SHA256 = [FILES[file]["sha256"] for file in ("train_images", "train_labels")]
TEST_SHA256 = [FILES[file]["sha256"] for file in ("test_images", "test_labels")]
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
        # a function, since Snakemake would take braces in a string for wildcards; without
        # the argument `output`, with which it would not count for what has changed
        files=lambda wildcards: json.dumps(
            [FILES[name] for name in rules.download.output.keys()]
        ),
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
