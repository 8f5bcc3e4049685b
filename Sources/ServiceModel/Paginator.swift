/// The pagination of an operation: the names of the members that SDKs use for it.
package struct Paginator: Sendable, Equatable {
    package let inputTokens: [String]
    package let outputTokens: [String]
    /// The member that limits the size of a page, if there is one.
    package let limit: String?
    package let results: [String]

    package init(inputTokens: [String], outputTokens: [String], limit: String?, results: [String]) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.limit = limit
        self.results = results
    }
}
