internal import Inference
internal import ServiceModel

/// Parses `tool_choice` in OpenAI's notations: a keyword, a function, or the allowed tools.
/// - Source: OpenAI API reference; the sentences that its users report.
enum OpenAIToolChoice {
    /// Where a function's name stands.
    enum Notation {
        /// In the member `function`.
        case chatCompletions
        /// Beside the type.
        case responses

        fileprivate var place: String {
            switch self {
            case .chatCompletions: "tool_choice.function"
            case .responses: "tool_choice.name"
            }
        }

        fileprivate func name(_ tool: Document) -> String? {
            switch self {
            case .chatCompletions: tool["function"]?["name"]?.text
            case .responses: tool["name"]?.text
            }
        }

        fileprivate func allowed(_ choice: Document) -> Document {
            switch self {
            case .chatCompletions: choice["allowed_tools"] ?? .null
            case .responses: choice
            }
        }
    }

    /// - Parameters:
    ///   - choice: the member `tool_choice`.
    ///   - request: the request, with its tools.
    ///   - notation: whose member it is.
    /// - Throws: when there are no tools, the chosen one does not exist, or the kind of choice is not supported.
    static func apply(_ choice: Document?, to request: inout ChatRequest, _ notation: Notation) throws(ServiceError) {
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
        case .object: try self.apply(object: choice, to: &request, notation)
        default: break
        }
    }

    private static func apply(
        object choice: Document, to request: inout ChatRequest, _ notation: Notation
    ) throws(ServiceError) {
        switch choice["type"]?.text ?? "function" {
        case "function":
            guard let name = notation.name(choice) else { throw OpenAIRules.missing(notation.place) }
            try self.require(name, of: request)
            request.toolChoice = .named(name)
        case "allowed_tools":
            let allowed = notation.allowed(choice)
            var names: Set<String> = []
            for tool in allowed["tools"]?.elements ?? [] {
                guard let name = notation.name(tool) else { continue }
                try self.require(name, of: request)
                names.insert(name)
            }
            request.tools.removeAll { !names.contains($0.name) }
            request.toolChoice = allowed["mode"] == .string("required") && !request.tools.isEmpty ? .any : .auto
        case let type:
            throw self.fault("The tool choice '\(type)' is not supported: only functions are.")
        }
    }

    private static func require(_ name: String, of request: ChatRequest) throws(ServiceError) {
        guard !request.tools.contains(where: { $0.name == name }) else { return }
        throw self.fault("Tool choice '\(name)' not found in 'tools' parameter.")
    }

    private static func fault(_ message: String) -> ServiceError { OpenAIRules.fault(message, "tool_choice", nil) }
}
