/** What a command line of `cp` asks for; the side that is a container's is told apart from the host's already. */
export interface CopyRequest {
  readonly container: string;
  readonly source: string;
  readonly destination: string;
  readonly followLink: boolean;
  readonly copyOwner: boolean;
  readonly quiet: boolean;
}
