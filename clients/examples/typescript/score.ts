// Scores one text answer: npm run score -- ADDRESS "QUESTION" LANGUAGE "ANSWER"
import { randomUUID } from "node:crypto";
import * as grpc from "@grpc/grpc-js";
import { credentialsOfCall, explain, services } from "./viva.ts";

interface Assessment {
  overall: { score?: number };
  competencies: { name: string; status: string; score?: number; low?: number; high?: number; reason: string }[];
  suggestions: string[];
}

interface ScoreAnswerRequest {
  request_id: string;
  config: { question: string; language: string; competencies: string[] };
  text: string;
}

type Scoring = grpc.Client & {
  ScoreAnswer(
    request: ScoreAnswerRequest,
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
    done: (error: grpc.ServiceError | null, response?: { assessment: Assessment }) => void,
  ): grpc.ClientUnaryCall;
};

function score(client: Scoring, request: ScoreAnswerRequest, timeoutSeconds: number): Promise<Assessment> {
  const metadata = credentialsOfCall();
  const deadline = Date.now() + 1000 * timeoutSeconds;
  return new Promise((resolve, reject) => {
    const attempt = () =>
      client.ScoreAnswer(request, metadata, { deadline }, (error, response) => {
        if (!error) return resolve(response!.assessment);
        // RetryInfo is there only where a retry makes sense. Scoring has no side effects: same request, same id.
        const pause = explain(error).retryAfterSeconds;
        if (pause === undefined || Date.now() + 1000 * pause >= deadline) return reject(error);
        setTimeout(attempt, 1000 * pause * (1 + Math.random()));
      });
    attempt();
  });
}

const [address = "localhost:18500", question = "", language = "", text = ""] = process.argv.slice(2);
const client = new services.Scoring!(address, grpc.credentials.createInsecure()) as unknown as Scoring;
try {
  const config = { question, language, competencies: ["communication", "teamwork"] };
  const assessment = await score(client, { request_id: randomUUID(), config, text }, 60);
  for (const { name, status, score, low, high, reason } of assessment.competencies)
    console.log(name, score === undefined ? `${status} (${reason})` : `${score.toFixed(1)} (${low} to ${high})`);
  for (const suggestion of assessment.suggestions) console.log("-", suggestion);
} catch (error) {
  const { reason, fields } = explain(error as grpc.ServiceError);
  console.error(`error: ${reason}: ${(error as grpc.ServiceError).details}`, ...fields);
  process.exitCode = 1;
} finally {
  client.close();
}
