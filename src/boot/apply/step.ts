/** A document as it is, and as it is to be; without the one it is made, without the other it goes. */
export interface Step<Document> {
  readonly before?: Document;
  readonly after?: Document;
}
