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

/** Whether a request is a write, or the dry run of one. Access reviews are POSTs that store nothing. */
export const isWrite = ({ method, path }: SentRequest): boolean =>
  method !== 'GET' && !path.includes('accessreviews');

export const isDryRun = (request: SentRequest): boolean =>
  isWrite(request) && request.path.includes('dryRun=All');
