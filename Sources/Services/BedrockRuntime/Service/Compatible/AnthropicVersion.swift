internal import Primitives
internal import ServiceModel

/// The version of Anthropic's API in a request: a date, such as `2023-06-01`. All versions have the same notation here
/// but for Claude's sampling parameters, and each release of Anthropic's SDK may send a newer one.
/// - Source: Anthropic API reference, "Versions"; Amazon Bedrock User Guide, "Inference using Anthropic Messages API",
///   which requires it in each request; the sentences that users report.
enum AnthropicVersion {
    @discardableResult
    static func check(_ head: RequestHead) throws(ServiceError) -> String {
        let named = head.headers.all("anthropic-version")
        guard !named.isEmpty else { throw .invalid("anthropic-version: header is required") }
        let version = named.joined(separator: ", ")
        guard self.isDate(version) else {
            throw .invalid("anthropic-version: \"\(version)\" is not a valid version")
        }
        return version
    }

    private static func isDate(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.map(\.count) == [4, 2, 2],
            parts.joined().allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
        else { return false }
        let numbers = parts.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        return numbers[0] >= 2023 && 1...12 ~= numbers[1] && 1...31 ~= numbers[2]
    }
}
