"""From words to facts: language, sentences, fillers, keywords, STAR roles, coherence and flags."""
