/** The two sides of a pair: where the application comes from, and the standby. */
export type SideRole = 'source' | 'dest';
