"""Text -> the `input_ids` of the `sentence_encoder` model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import sentencepiece


class SentenceTokenizer:
    """The SentencePiece tokenizer of Universal Sentence Encoder multilingual v3 (unigram, 128,000 pieces).

    The model file carries its own normalisation (`nmt_nfkc`: NFKC, control characters out, runs of white space to one
    space), so text goes in as it is. Text that spells a control symbol, such as `</s>`, is tokenised as characters.
    """

    def __init__(self, path: Path) -> None:
        """Loads `sentencepiece.model` from the artifacts of `sentence_encoder`.

        Raises:
            OSError: there is no such file.
        """
        self._processor = sentencepiece.SentencePieceProcessor(model_proto=path.read_bytes())

    def encode(self, text: str) -> npt.NDArray[np.int32]:
        """Token ids of one sentence, INT32 [tokens]: `<s>` (1), the pieces, `</s>` (2).

        Empty text gives the two marks alone. The attention mask of the ids is all ones. Safe to call from threads.
        """
        return np.array(self._processor.encode(text, add_bos=True, add_eos=True), dtype=np.int32)
