// Scores one text answer: npm run score -- ADDRESS "QUESTION" LANGUAGE "ANSWER"
// Loads the contract from ../../proto, so there is nothing to generate.
import { randomUUID } from "node:crypto";
import path from "node:path";
import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";

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

// What `google.rpc.Status` holds; `json: true` below decodes each detail by its "@type".
interface RichStatus {
  details: ({ "@type": string } & Record<string, unknown>)[];
}

const definition = protoLoader.loadSync(
  ["viva/v1/scoring.proto", "google/rpc/status.proto", "google/rpc/error_details.proto"],
  {
    includeDirs: [path.join(import.meta.dirname, "..", "..", "proto")],
    keepCase: true, // field names as in the .proto
    longs: Number,
    enums: String,
    arrays: true,
    oneofs: true,
    json: true,
  },
);
const { Scoring } = (grpc.loadPackageDefinition(definition) as any).viva.v1 as {
  Scoring: new (address: string, credentials: grpc.ChannelCredentials) => Scoring;
};
const statusType = definition["google.rpc.Status"] as unknown as { deserialize(bytes: Buffer): RichStatus };

/** Reason, fields at fault and retry delay of an error, from its `grpc-status-details-bin`. */
export function explain(error: grpc.ServiceError): { reason: string; fields: string[]; retryAfterSeconds?: number } {
  const explained: ReturnType<typeof explain> = { reason: grpc.status[error.code] ?? "UNKNOWN", fields: [] };
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  if (!Buffer.isBuffer(bytes)) return explained; // not from Viva: a proxy, or nobody at the address
  for (const detail of statusType.deserialize(bytes).details) {
    switch (detail["@type"].split("/").pop()) {
      case "google.rpc.ErrorInfo":
        explained.reason = detail.reason as string;
        break;
      case "google.rpc.BadRequest":
        for (const { field, description } of detail.field_violations as { field: string; description: string }[])
          explained.fields.push(`${field}: ${description}`);
        break;
      case "google.rpc.RetryInfo": {
        const { seconds = 0, nanos = 0 } = detail.retry_delay as { seconds?: number; nanos?: number };
        explained.retryAfterSeconds = seconds + nanos / 1e9;
      }
    }
  }
  return explained;
}

function score(client: Scoring, request: ScoreAnswerRequest, timeoutSeconds: number): Promise<Assessment> {
  const metadata = new grpc.Metadata();
  if (process.env.VIVA_API_KEY) metadata.set("authorization", `Bearer ${process.env.VIVA_API_KEY}`);
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
const client = new Scoring(address, grpc.credentials.createInsecure());
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
