// Describes a job and invites a candidate: npm run interviews -- ADDRESS ROLE_ID CANDIDATE_ID
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { credentialsOfCall, explain, retries, services } from "./viva.ts";

interface Role {
  name?: string;
  display_name: string;
  content: {
    competencies: { competency: string; weight?: number }[];
    languages: string[];
    questions: { question_id: string; competency: string; language: string; text: string }[];
  };
}

interface Interview {
  name?: string;
  candidate: string;
  role_revision: string;
  consents: { analysis?: boolean; voice?: boolean; notice_time?: { seconds: number } };
  questions?: { question_id: string; text: string }[];
}

const [address = "localhost:18500", roleId = "trainee", candidateId = "c-1042"] = process.argv.slice(2);
const connect = (name: string) => new services[name]!(address, grpc.credentials.createInsecure(), retries);
const [roles, interviews] = [connect("Roles"), connect("Interviews")];

/** One call, again as `retries` says: every attempt carries the same request id, so that a retry makes nothing twice. */
function call<Response>(client: grpc.Client, method: string, request: object): Promise<Response> {
  const send = promisify((client as any)[method].bind(client)) as (...args: unknown[]) => Promise<Response>;
  return send(request, credentialsOfCall(), { deadline: Date.now() + 30_000 });
}

const role: Role = {
  display_name: "Management trainee",
  content: {
    competencies: [{ competency: "teamwork" }],
    languages: ["en"],
    questions: [
      { question_id: "conflict", competency: "teamwork", language: "en", text: "Tell me about a conflict in your team." },
    ],
  },
};

try {
  const made = await call<Role>(roles, "CreateRole", {
    parent: "tenants/-", // the tenant of the API key
    role_id: roleId,
    role,
    request_id: randomUUID(),
  }).catch((error: grpc.ServiceError) => {
    if (error.code !== grpc.status.ALREADY_EXISTS) throw error;
    return call<Role>(roles, "GetRole", { name: `tenants/-/roles/${roleId}` });
  });
  const interview: Interview = {
    candidate: `tenants/-/candidates/${candidateId}`,
    role_revision: made.name!,
    consents: { analysis: true, voice: true, notice_time: { seconds: Math.floor(Date.now() / 1000) } },
  };
  const invited = await call<Interview>(interviews, "CreateInterview", {
    parent: "tenants/-",
    interview,
    request_id: randomUUID(),
  });
  console.log(invited.name);
  for (const { question_id, text } of invited.questions ?? []) console.log(`  ${question_id}: ${text}`);
} catch (error) {
  const { reason, fields } = explain(error as grpc.ServiceError);
  console.error(`error: ${reason}: ${(error as grpc.ServiceError).details}`, ...fields);
  process.exitCode = 1;
} finally {
  roles.close();
  interviews.close();
}
