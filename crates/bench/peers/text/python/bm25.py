"""bm25s over a prepared set, the reference for what BM25 finds: every document is scored in full.

bm25.py STEMS STOP FOLDER: STEMS is none or english, STOP is keep or drop for English stop words, FOLDER has texts.txt and the
queries. Prints records as lines of JSON: `built`, then for each `answers KIND` in its input the best documents of the queries of
that kind, if it is one without operators, and `done`.
"""

import json
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path

import bm25s
import numpy as np
import Stemmer

WANTED = {"judged": 100, "or": 10, "common": 10}


def say(**record):
    print(json.dumps(record), flush=True)


def apart(text):
    """What we write without its apostrophe, or not at all."""
    text = re.sub(r"(?<=\w)['’](s|ll|re|ve|d|m)\b", "", text, flags=re.IGNORECASE)
    return re.sub(r"n['’]t\b", "nt", text)


def words(texts, stems, stop):
    stemmer = Stemmer.Stemmer("english") if stems == "english" else None
    if stop == "drop":
        # As the reference figures of the data sets were made: words of one letter go too.
        options = {"stopwords": "en"}
    else:
        # Words are what we take for words, so that texts are as long for both.
        texts = [apart(text) for text in texts]
        options = {"stopwords": None, "token_pattern": r"(?u)[^\W_]+"}
    return bm25s.tokenize(texts, stemmer=stemmer, show_progress=False, return_ids=False, **options)


def best(index, query, wanted):
    scores = index.get_scores(query)
    order = np.lexsort((np.arange(len(scores)), -scores))[:wanted]
    return [int(row) for row in order if scores[row] > 0]


def answers(index, analysis, path, wanted):
    known = index.vocab_dict
    queries = path.read_text("utf-8").rstrip("\n").split("\n")
    return [best(index, [word for word in query if word in known], wanted) for query in words(queries, *analysis)]


def main():
    *analysis, folder = sys.argv[1:]
    texts = (Path(folder) / "texts.txt").read_text("utf-8").rstrip("\n").split("\n")
    start, work = time.perf_counter(), time.process_time()
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    index.index(words(texts, *analysis), show_progress=False)
    seconds, work = time.perf_counter() - start, time.process_time() - work
    say(kind="built", engine=version("bm25s"), documents=len(texts), build_seconds=seconds, build_cpu_seconds=work)
    for line in sys.stdin:
        _, _, kind = line.strip().partition(" ")
        path = Path(folder) / f"{kind}.txt"
        if kind in WANTED and path.exists():
            say(kind=f"answers {kind}", hits=answers(index, analysis, path, WANTED[kind]))
        say(kind="done")


main()
