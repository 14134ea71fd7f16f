"""Native rivals: builds one of them over a prepared set, then measures a round for each line of the input.

peers.py NAME FOLDER CACHE: FOLDER has base.f32, queries.f32 and truth.u32, CACHE takes the built index. Prints records as
lines of JSON: `built`, and for each line of the input a `round` for every setting and `done`. One thread, one query a call;
the time of a call includes a few microseconds of Python.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

DIMENSIONS = 384
WANTED = 10
DEGREE = 16
BUILD_DEPTH = 200
LISTS_FOR_100_000 = 512


class Peer:
    def version(self):
        return version(self.package)


class Hnswlib(Peer):
    package = "hnswlib"
    settings = [32, 48, 64, 96, 160, 256]
    name = "ef {}"

    def __init__(self):
        import hnswlib

        self.index = hnswlib.Index("ip", DIMENSIONS)
        self.index.set_num_threads(1)

    def build(self, base):
        self.index.init_index(len(base), M=DEGREE, ef_construction=BUILD_DEPTH, random_seed=1)
        self.index.add_items(base, num_threads=1)

    def save(self, path):
        self.index.save_index(path)

    def load(self, path):
        self.index.load_index(path)

    def set(self, ef):
        self.index.set_ef(ef)

    def search(self, query):
        return self.index.knn_query(query, k=WANTED, num_threads=1)[0][0]


class Faiss(Peer):
    package = "faiss-cpu"
    settings = [32, 48, 64, 96, 160, 256]
    name = "ef {}"

    def __init__(self):
        import faiss

        self.faiss = faiss
        faiss.omp_set_num_threads(1)

    def build(self, base):
        self.index = self.empty(len(base))
        self.index.train(base)
        self.index.add(base)

    def empty(self, _rows):
        return self.faiss.IndexHNSWFlat(DIMENSIONS, DEGREE, self.faiss.METRIC_INNER_PRODUCT)

    def save(self, path):
        self.faiss.write_index(self.index, path)

    def load(self, path):
        self.index = self.faiss.read_index(path)

    def set(self, ef):
        self.index.hnsw.efSearch = ef

    def search(self, query):
        return self.index.search(query, WANTED)[1][0]


class FaissHnsw(Faiss):
    def build(self, base):
        self.index = self.empty(len(base))
        self.index.hnsw.efConstruction = BUILD_DEPTH
        self.index.train(base)
        self.index.add(base)


class FaissHnswSq8(FaissHnsw):
    def empty(self, _rows):
        kind = self.faiss.ScalarQuantizer.QT_8bit
        return self.faiss.IndexHNSWSQ(DIMENSIONS, kind, DEGREE, self.faiss.METRIC_INNER_PRODUCT)


class FaissIvfPq(Faiss):
    """IVF with PQ fast scan, the best again over the vectors in full: [lists scanned, candidates for each hit]."""

    settings = [(16, 8), (32, 8), (48, 8), (96, 8), (192, 4), (192, 8), (256, 8)]
    name = "nprobe, k_factor {}"

    def empty(self, rows):
        lists = max(16, int(LISTS_FOR_100_000 * (rows / 100_000) ** 0.5))
        key = f"IVF{lists},PQ{DIMENSIONS // 2}x4fs,RFlat"
        return self.faiss.index_factory(DIMENSIONS, key, self.faiss.METRIC_INNER_PRODUCT)

    def set(self, setting):
        inner = self.faiss.downcast_index(self.index.base_index)
        inner.nprobe, self.index.k_factor = setting


class Usearch(Peer):
    package = "usearch"
    settings = [32, 48, 64, 96, 160, 256]
    name = "ef {}"

    def __init__(self):
        from usearch.index import Index

        self.index = Index(
            ndim=DIMENSIONS, metric="ip", dtype="f32", connectivity=DEGREE, expansion_add=BUILD_DEPTH
        )

    def build(self, base):
        self.index.add(np.arange(len(base)), base, threads=1)

    def save(self, path):
        self.index.save(path)

    def load(self, path):
        self.index.load(path)

    def set(self, ef):
        self.index.expansion_search = ef

    def search(self, query):
        return self.index.search(query[0], WANTED, threads=1).keys


class Rabitq(Peer):
    package = "rabitqlib"
    name = "ef {}"

    def save(self, path):
        self.index.save(path)

    def load(self, path):
        self.index = type(self.index).load(path)

    def set(self, ef):
        self.ef = ef

    def search(self, query):
        return np.asarray(self.index.search(query, WANTED, self.ef, 1)[0]).reshape(-1)


class RabitqSymqg(Rabitq):
    settings = [32, 48, 64, 96, 128, 200, 300]

    def __init__(self):
        import rabitqlib

        self.index = rabitqlib.SymqgIndex(DIMENSIONS, 2 * DEGREE, "l2")

    def build(self, base):
        self.index.build(base, BUILD_DEPTH, 1)


class RabitqHnsw(Rabitq):
    """Eight bits a dimension, around the centroids of 16 clusters."""

    settings = [32, 48, 64, 96, 160, 256, 384]

    def __init__(self):
        import rabitqlib

        self.make = lambda rows: rabitqlib.HnswIndex(DIMENSIONS, rows, DEGREE, BUILD_DEPTH, 8, "l2")
        self.index = self.make(1)

    def build(self, base):
        import faiss

        faiss.omp_set_num_threads(1)
        clusters = faiss.Kmeans(DIMENSIONS, 16, seed=1)
        clusters.train(base)
        nearest = clusters.index.search(base, 1)[1].reshape(-1).astype(np.uint32)
        self.index = self.make(len(base))
        self.index.build(base, clusters.centroids, nearest, 1)


PEERS = {
    "hnswlib": Hnswlib,
    "faiss-hnsw": FaissHnsw,
    "faiss-hnsw-sq8": FaissHnswSq8,
    "faiss-ivf-pq": FaissIvfPq,
    "usearch": Usearch,
    "rabitq-symqg": RabitqSymqg,
    "rabitq-hnsw": RabitqHnsw,
}


def say(**record):
    print(json.dumps(record), flush=True)


def built(peer, name, base, cache):
    """Builds the index, or loads the one that an earlier run built, with the times that took then."""
    file, note = cache / f"{name}.index", cache / f"{name}.json"
    is_cached = note.exists()
    if is_cached:
        peer.load(str(file))
        times = json.loads(note.read_text())
    else:
        start, start_of_work = time.perf_counter(), time.process_time()
        peer.build(base)
        times = {"build_seconds": time.perf_counter() - start, "build_cpu_seconds": time.process_time() - start_of_work}
        cache.mkdir(parents=True, exist_ok=True)
        peer.save(str(file))
        note.write_text(json.dumps(times))
    each = file.stat().st_size / len(base)
    say(kind="built", index=name, version=peer.version(), rows=len(base), cached=is_cached, index_bytes=each, **times)


def measure(peer, queries, truth):
    for setting in peer.settings:
        peer.set(setting)
        seconds, hits = [], 0
        for query, true in zip(queries, truth):
            start = time.perf_counter()
            found = peer.search(query)
            seconds.append(time.perf_counter() - start)
            hits += len(set(found.tolist()) & true)
        text = setting if isinstance(setting, int) else " ".join(map(str, setting))
        recall = hits / (len(truth) * WANTED)
        say(kind="round", setting=peer.name.format(text), recall=recall, us=[round(one * 1e6, 2) for one in seconds])


def main():
    name, folder, cache = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    peer = PEERS[name]()
    base, queries = (np.fromfile(folder / file, np.float32).reshape(-1, DIMENSIONS) for file in ("base.f32", "queries.f32"))
    truth = [set(ten.tolist()) for ten in np.fromfile(folder / "truth.u32", np.uint32).reshape(-1, WANTED)]
    built(peer, name, base, cache)
    queries = [query.reshape(1, -1) for query in queries]
    for _ in sys.stdin:
        measure(peer, queries, truth)
        say(kind="done")


main()
