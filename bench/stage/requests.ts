import { readFile } from 'node:fs/promises';

/** One request as dr-syncer sent it. */
export interface SentRequest {
  readonly method: string;
  /** Path with query, below the server's URL. */
  readonly path: string;
  readonly origin: string;
  readonly accept: string;
  readonly contentType: string;
  readonly body: string | undefined;
}

/** Reads what capture.mjs wrote. */
export const readRequests = async (file: string): Promise<SentRequest[]> =>
  (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SentRequest);

/** Whether a request writes an object of the copy. The lock and the records of a run are written in other ways. */
export const isObjectWrite = ({ method, path }: SentRequest): boolean =>
  method === 'PATCH' && !path.includes('dryRun=All');

export const isDryRun = ({ path }: SentRequest): boolean => path.includes('dryRun=All');

/** Requests about one object, in the order in which they were sent. */
export type Chain = readonly SentRequest[];

/** Requests grouped by object: the fields of a parked workload can only be applied to one that is there. */
export const chainsOf = (requests: readonly SentRequest[]): Chain[] => [
  ...Map.groupBy(requests, ({ path }) => path.split('?')[0]).values(),
];
