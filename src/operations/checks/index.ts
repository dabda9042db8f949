import type { Finding } from '../stage/types.ts';
export const checkNeeds = async (_input: object): Promise<Finding[]> => [];
