internal import Primitives
internal import ServiceModel

/// The version of Anthropic's API that a request is for; all have the same notation here.
/// - Source: Anthropic API reference, "Versions"; Amazon Bedrock User Guide, "Inference using Anthropic Messages API",
///   asks for it in each request; the sentences that users report.
enum AnthropicVersion {
    private static let known: Set<String> = ["2023-01-01", "2023-06-01"]

    static func check(_ head: RequestHead) throws(ServiceError) {
        let named = head.headers.all("anthropic-version")
        guard !named.isEmpty else { throw .invalid("anthropic-version: header is required") }
        let version = named.joined(separator: ", ")
        guard self.known.contains(version) else {
            throw .invalid("anthropic-version: \"\(version)\" is not a valid version")
        }
    }
}
