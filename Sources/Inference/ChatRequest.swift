package import ServiceModel

/// One request to a chat model: everything that decides its answer.
package struct ChatRequest: Sendable {
    /// Who speaks.
    package enum Role: String, Sendable, Hashable {
        case user, assistant
    }

    /// A piece of a message.
    package enum Part: Sendable {
        case text(String)
        /// The bytes of an image and its format, such as `png`.
        case image(format: String, bytes: [UInt8])
        case toolCall(ToolCall)
        case toolResult(callID: String, text: String)
        case reasoning(String)
    }

    /// One turn of a conversation.
    package struct Message: Sendable {
        package var role: Role
        package var parts: [Part]

        package init(role: Role, parts: [Part]) {
            self.role = role
            self.parts = parts
        }
    }

    /// A function that the model may call.
    package struct Tool: Sendable {
        package var name: String
        package var description: String
        /// A JSON Schema of the arguments.
        package var schema: Document

        package init(name: String, description: String, schema: Document) {
            self.name = name
            self.description = description
            self.schema = schema
        }
    }

    /// Whether the model calls a tool.
    package enum ToolChoice: Sendable, Hashable {
        /// As it likes.
        case auto
        /// One of them, whichever.
        case any
        case named(String)
        case never
    }

    /// How the next token is chosen and when to stop.
    package struct Sampling: Sendable, Hashable {
        /// nil leaves it to the model.
        package var tokensMax: Int?
        package var temperature: Double?
        package var topP: Double?
        package var topK: Int?
        package var stopSequences: [String] = []

        package init() {}
    }

    package var system: [String]
    package var messages: [Message]
    package var tools: [Tool]
    package var toolChoice: ToolChoice
    package var sampling: Sampling
    /// A JSON Schema that the answer's text must meet.
    package var answerSchema: Document?

    package init(
        system: [String] = [], messages: [Message], tools: [Tool] = [], toolChoice: ToolChoice = .auto,
        sampling: Sampling = Sampling(), answerSchema: Document? = nil
    ) {
        self.system = system
        self.messages = messages
        self.tools = tools
        self.toolChoice = toolChoice
        self.sampling = sampling
        self.answerSchema = answerSchema
    }
}

/// A call that a model made.
package struct ToolCall: Sendable, Hashable {
    /// Unique in its conversation.
    package var id: String
    package var name: String
    package var arguments: Document

    package init(id: String, name: String, arguments: Document) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}
