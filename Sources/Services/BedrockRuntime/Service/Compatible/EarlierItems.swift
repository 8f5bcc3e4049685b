internal import Primitives
internal import ServiceModel
internal import Synchronization

/// The earlier items that one request may reference.
///
/// A reference is short and an item may be long, so that a small request can stand for a huge conversation: the items
/// that it references have a limit together.
final class EarlierItems: Sendable {
    private struct State {
        /// Items by id, of the responses that are referenced, by the response's id.
        var items: [String: [String: Document]] = [:]
        var bytesLeft = KeptResponses.bytesMax
    }

    private let kept: KeptResponses
    private let context: RequestContext
    private let state = Mutex(State())

    init(kept: KeptResponses, context: RequestContext) {
        self.kept = kept
        self.context = context
    }

    /// The whole conversation up to the end of a response; nil when a part of it is not stored.
    func items(upTo response: String) -> [Document]? { self.kept.items(upTo: response, self.context) }

    /// An input or output item of a response, by the item's id, which contains the response's token.
    func item(_ id: String) -> Document? {
        let letters = id.drop { $0 != "_" }.prefix(1 + AnswerStamp.tokenLength)
        let response = "resp\(letters)"
        return self.state.withLock { state in
            if let items = state.items[response] { return items[id] }
            let items = self.kept.itemsByID(of: response, self.context)
            state.items[response] = items
            return items[id]
        }
    }

    /// The memory of the items that have been counted, in bytes.
    var chargedBytes: Int { self.state.withLock { KeptResponses.bytesMax - $0.bytesLeft } }

    /// Counts an item that becomes a part of the conversation; false beyond the limit.
    func charge(_ item: Document) -> Bool {
        let bytes = item.memoryBytes
        return self.state.withLock { state in
            state.bytesLeft -= bytes
            return state.bytesLeft >= 0
        }
    }
}

extension Document {
    /// The memory of a value besides its texts, of an element of a list, and of a member of an object, in bytes.
    private static let valueBytes = 48
    private static let memberBytes = 24

    /// About the memory that it takes, in bytes: lists of short values take twenty times their JSON text.
    /// - Complexity: O(values); recursive to the depth of the document, which the JSON parser limits.
    var memoryBytes: Int {
        switch self {
        case .null, .boolean: Self.valueBytes
        case .number(let text), .string(let text): Self.valueBytes + text.utf8.count
        case .array(let elements): elements.reduce(Self.valueBytes * 2) { $0 + $1.memoryBytes }
        case .object(let members):
            members.reduce(Self.valueBytes * 2) {
                $0 + Self.memberBytes + $1.name.utf8.count + $1.value.memoryBytes
            }
        }
    }
}
