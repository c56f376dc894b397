/** One source, several receivers. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="none" stroke="#2a6db5" stroke-width="2.5"><path d="M8 16h6m0 0 8-9m-8 9h9m-9 0 8 9"/></g><g fill="#2a6db5"><circle cx="6" cy="16" r="4"/><circle cx="25" cy="6" r="3.5"/><circle cx="26" cy="16" r="3.5"/><circle cx="25" cy="26" r="3.5"/></g></svg>`;
