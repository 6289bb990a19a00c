import type { CallSettings } from './api.js';
import { limits } from './limits.js';
import { localError } from './stella-error.js';

interface Page {
  readonly nextPageToken: string;
}

/**
 * Every item of a paged list, page by page as they are read.
 *
 *     for await (const stack of paginate(client.csfg.listStacks, { incident }, (page) => page.stacks)) …
 */
export async function* paginate<Request extends { pageToken?: string }, Response extends Page, Item>(
  list: (request: Request, settings?: CallSettings) => Promise<Response>,
  request: Request,
  items: (page: Response) => readonly Item[],
  settings?: CallSettings,
): AsyncGenerator<Item> {
  let pageToken = request.pageToken ?? '';
  for (let pages = 0; pages < limits.pagesMax; pages += 1) {
    const page = await list({ ...request, pageToken }, settings);
    yield* items(page);
    // A token that stands still would be read for ever.
    if (page.nextPageToken !== '' && page.nextPageToken === pageToken) throw localError('PAGE_TOKEN_INVALID', { pageToken });
    pageToken = page.nextPageToken;
    if (pageToken === '') return;
  }
  throw localError('PAGE_TOKEN_INVALID', { pagesMax: String(limits.pagesMax) });
}
