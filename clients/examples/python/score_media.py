"""Score recordings side by side: python score_media.py FILE [FILE ...]; writes FILE.html beside each."""

import asyncio
import os
import sys
from pathlib import Path

from viva_client import AnswerOptions, AsyncVivaClient, InvalidArgumentError, VivaError

OPTIONS = AnswerOptions(
    question="Tell me about a conflict in your team.",
    competencies=("communication", "teamwork"),
    deny=("expression",),  # off by default; said here for the reader
    voice_consent=True,
    face_consent=True,
)


async def score(viva: AsyncVivaClient, path: Path) -> bool:
    """Score one file; large ones are streamed, failures that pass are retried by the client."""
    try:
        assessment = await viva.score_media(path, OPTIONS, timeout_s=300)
        page = await viva.render_report(assessment)
    except InvalidArgumentError as error:  # the file is at fault: tell its owner, do not retry
        print(f"{path}: {error.reason}: {error.message}", file=sys.stderr)
        return False
    except VivaError as error:  # worth another try later
        print(f"{path}: {error} (request {error.request_id})", file=sys.stderr)
        return False
    await asyncio.to_thread(path.with_suffix(".html").write_text, page, "utf-8")
    scored = [f"{item.name} {item.score:.1f}" for item in assessment.competencies if item.HasField("score")]
    gaps = [f"{item.name}: {item.reason}" for item in assessment.modalities if item.state != "ran"]
    print(f"{path}: {', '.join(scored) or 'no score'}; {', '.join(gaps) or 'all modalities ran'}")
    return True


async def main() -> int:
    address = os.environ.get("VIVA_ADDRESS", "localhost:18500")
    # Two connections: replicas behind a balancer share the load.
    async with AsyncVivaClient(address, api_key=os.environ.get("VIVA_API_KEY"), channels=2) as viva:
        done = await asyncio.gather(*(score(viva, Path(name)) for name in sys.argv[1:]))
    return 0 if done and all(done) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
