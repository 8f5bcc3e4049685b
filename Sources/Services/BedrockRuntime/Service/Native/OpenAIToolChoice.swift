internal import Inference
internal import ServiceModel

/// Parses `tool_choice` in OpenAI's notations: a keyword, a function, or the allowed tools.
/// - Source: OpenAI API reference; the sentences that its users report.
enum OpenAIToolChoice {
    /// - Parameters:
    ///   - choice: the member `tool_choice`.
    ///   - request: the request, with its tools.
    ///   - isFlat: whether a function's name is next to its type, as in the Responses API.
    /// - Throws: when there are no tools, the chosen one does not exist, or the kind of choice is not supported.
    static func apply(_ choice: Document?, to request: inout ChatRequest, isFlat: Bool) throws(ServiceError) {
        guard let choice, choice != .null, choice != .string("none") else {
            if choice == .string("none") { request.toolChoice = .never }
            return
        }
        guard !request.tools.isEmpty else {
            throw self.fault(
                "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.")
        }
        switch choice {
        case .string("required"), .string("any"): request.toolChoice = .any
        case .object: try self.apply(object: choice, to: &request, isFlat)
        default: break
        }
    }

    private static func apply(
        object choice: Document, to request: inout ChatRequest, _ isFlat: Bool
    ) throws(ServiceError) {
        switch choice["type"]?.text ?? "function" {
        case "function":
            let place = isFlat ? "tool_choice.name" : "tool_choice.function"
            guard let name = self.name(choice, isFlat) else { throw OpenAIRules.missing(place) }
            try self.require(name, of: request)
            request.toolChoice = .named(name)
        case "allowed_tools":
            let allowed = isFlat ? choice : choice["allowed_tools"] ?? .null
            var names: Set<String> = []
            for tool in allowed["tools"]?.elements ?? [] {
                guard let name = self.name(tool, isFlat) else { continue }
                try self.require(name, of: request)
                names.insert(name)
            }
            request.tools.removeAll { !names.contains($0.name) }
            request.toolChoice = allowed["mode"] == .string("required") && !request.tools.isEmpty ? .any : .auto
        case let type:
            throw self.fault("The tool choice '\(type)' is not supported: only functions are.")
        }
    }

    private static func name(_ tool: Document, _ isFlat: Bool) -> String? {
        (isFlat ? tool["name"] : tool["function"]?["name"])?.text
    }

    private static func require(_ name: String, of request: ChatRequest) throws(ServiceError) {
        guard !request.tools.contains(where: { $0.name == name }) else { return }
        throw self.fault("Tool choice '\(name)' not found in 'tools' parameter.")
    }

    private static func fault(_ message: String) -> ServiceError { OpenAIRules.fault(message, "tool_choice", nil) }
}
