package import ServiceModel

/// One request to a chat model: everything that determines its answer.
package struct ChatRequest: Sendable {
    /// The speaker of a message.
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
        /// Whether the arguments must conform to the schema exactly.
        package var isStrict: Bool

        package init(name: String, description: String, schema: Document, isStrict: Bool = false) {
            self.name = name
            self.description = description
            self.schema = schema
            self.isStrict = isStrict
        }
    }

    /// Whether the model must call a tool.
    package enum ToolChoice: Sendable, Equatable {
        /// The model decides.
        case auto
        /// At least one of the tools.
        case any
        case named(String)
        case never
    }

    /// How tokens are sampled, and when to stop.
    package struct Sampling: Sendable, Equatable {
        /// nil: the model's default.
        package var tokensMax: Int?
        package var temperature: Double?
        package var topP: Double?
        package var topK: Int?
        /// The minimum probability of a token, relative to the most likely one.
        package var minP: Double?
        package var presencePenalty: Double?
        package var frequencyPenalty: Double?
        /// Requests with the same seed get the same answer, as far as the engine supports it.
        package var seed: Int?
        package var stopSequences: [String] = []

        package init() {}
    }

    /// Whether the model reasons before it answers.
    package struct Reasoning: Sendable, Equatable {
        package var isOn: Bool
        /// The limit for reasoning tokens; nil for none.
        package var tokensMax: Int?
        /// `low`, `medium` or `high`, for models that support a level.
        package var effort: String?

        package init(isOn: Bool, tokensMax: Int? = nil, effort: String? = nil) {
            self.isOn = isOn
            self.tokensMax = tokensMax
            self.effort = effort
        }
    }

    /// A position in the prompt up to which the client wants it cached for its next requests.
    package struct CachePoint: Sendable, Equatable {
        /// The index of the message that contains it; nil: after the system prompts.
        package var message: Int?
        /// The number of parts of that message before it.
        package var partCount: Int

        package init(message: Int?, partCount: Int = 0) {
            self.message = message
            self.partCount = partCount
        }
    }

    package var system: [String]
    package var messages: [Message]
    package var tools: [Tool]
    package var toolChoice: ToolChoice
    /// Whether the model may call several tools at once.
    package var allowsParallelCalls = true
    package var sampling: Sampling
    /// A JSON Schema that the answer's text must conform to.
    package var answerSchema: Document?
    /// Whether an answer that is not JSON although `answerSchema` requires it gets its own stop reason; otherwise it is
    /// an error, for APIs without such a stop reason.
    package var takesAnyAnswer = false
    /// nil: the model's default.
    package var reasoning: Reasoning?
    /// The last cache point; nil without one.
    package var cachePoint: CachePoint?
    /// Whether the texts of the single message are the complete prompt, including the special tokens of the model's
    /// template: nothing is added.
    package var isRawPrompt = false
    /// Receives the prompt's token counts before the answer begins; nil when not needed.
    package var promptCount: PromptCount?
    /// Identifies the caller for fair queueing: waiting callers take turns.
    package var caller = ""

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
package struct ToolCall: Sendable, Equatable {
    /// Unique within its conversation: the client's id, or for a new call an id without the prefix of an API.
    package var id: String
    package var name: String
    package var arguments: Document

    package init(id: String, name: String, arguments: Document) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}
