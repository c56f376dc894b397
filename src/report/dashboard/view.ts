/** What of the dashboard is looked at: it stands in the address of the page, so that a link, a reload and "back" find it. */

/** What streams are sorted by. */
export const SORTS = ['name', 'rate', 'received', 'lost', 'delay', 'jitter'] as const;
export type Sort = (typeof SORTS)[number];

export interface View {
  readonly page: 'overview' | 'conditions';
  /** Id of the one that is shown in full; `null`: all of them. */
  readonly stream: string | null;
  readonly sort: Sort;
}

export const OVERVIEW: View = { page: 'overview', stream: null, sort: 'name' };

/** Ids of streams are shorter: nothing longer is looked for. */
const ID_CHARACTERS = 1024;

/** `query`: behind the `?` of an address. What is not known is as if it were not there. */
export function viewOf(query: string): View {
  const asked = new URLSearchParams(query);
  const stream = asked.get('stream');
  return {
    page: asked.get('page') === 'conditions' ? 'conditions' : 'overview',
    stream: stream === null || stream === '' || stream.length > ID_CHARACTERS ? null : stream,
    sort: SORTS.find((one) => one === asked.get('sort')) ?? 'name',
  };
}

/** The address of a view, from any page of the dashboard: it begins with `?`. The same view has the same one. */
export function addressOf({ page, stream, sort }: View): string {
  const query = new URLSearchParams();
  if (page !== 'overview') query.set('page', page);
  if (stream !== null) query.set('stream', stream);
  if (sort !== 'name') query.set('sort', sort);
  return `?${query.toString()}`;
}
