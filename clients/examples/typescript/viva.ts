// The contract, loaded from ../../proto, so there is nothing to generate; and what an error of Viva says.
import { readFileSync } from "node:fs";
import path from "node:path";
import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";

const clients = path.join(import.meta.dirname, "..", "..");

// What `google.rpc.Status` holds; `json: true` below decodes each detail by its "@type".
interface RichStatus {
  details: ({ "@type": string } & Record<string, unknown>)[];
}

const definition = protoLoader.loadSync(
  [
    ...["scoring", "roles", "interviews"].map((name) => `viva/v1/${name}.proto`),
    "google/rpc/status.proto",
    "google/rpc/error_details.proto",
  ],
  {
    includeDirs: [path.join(clients, "proto")],
    keepCase: true, // field names as in the .proto
    longs: Number,
    enums: String,
    arrays: true,
    oneofs: true,
    json: true,
  },
);
const statusType = definition["google.rpc.Status"] as unknown as { deserialize(bytes: Buffer): RichStatus };

/** The services of `viva.v1`: `new services.Roles(address, credentials, options)`. */
export const services: Record<string, grpc.ServiceClientConstructor> = (
  grpc.loadPackageDefinition(definition) as any
).viva.v1;

/** Channel options that retry what is safe to call again, and nothing else. */
export const retries: grpc.ChannelOptions = {
  "grpc.service_config": readFileSync(path.join(clients, "python", "viva_client", "service_config.json"), "utf8"),
};

/** Metadata of a call, with the API key in it when there is one. */
export function credentialsOfCall(): grpc.Metadata {
  const metadata = new grpc.Metadata();
  if (process.env.VIVA_API_KEY) metadata.set("authorization", `Bearer ${process.env.VIVA_API_KEY}`);
  return metadata;
}

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
