extension ChatRequest {
    /// The same conversation, restructured into turns that every template accepts, for models whose template refuses
    /// it; nil when there is nothing to change.
    ///
    /// Llama's templates accept one call per turn: several calls get a turn each, followed by their results. Mistral's
    /// accept no user text after a result: it is appended to the result.
    /// - Source: the templates of Llama 3.1 to 3.3 ("This model only supports single tool-calls at once!") and of
    ///   Mistral Nemo, Small and Ministral ("conversation roles must alternate").
    /// - Complexity: O(parts of the conversation).
    var inPlainTurns: ChatRequest? {
        var plain = self
        plain.messages = []
        var isChanged = false
        var rest = self.messages[...]
        while let message = rest.popFirst() {
            let calls = message.parts.filter { if case .toolCall = $0 { true } else { false } }
            if calls.count > 1, let answer = rest.first {
                rest.removeFirst()
                plain.messages += Self.turns(message, calls, answer)
                isChanged = true
            } else {
                plain.messages.append(message)
            }
        }
        for index in plain.messages.indices {
            guard let parts = Self.joiningTexts(plain.messages[index].parts) else { continue }
            plain.messages[index].parts = parts
            isChanged = true
        }
        return isChanged ? plain : nil
    }

    /// One turn for each call, followed by its result; other parts go before the first call and after the last result.
    private static func turns(_ message: Message, _ calls: [Part], _ answer: Message) -> [Message] {
        var turns: [Message] = []
        var before = message.parts.filter { if case .toolCall = $0 { false } else { true } }
        var places: [String: [Int]] = [:]
        for (index, part) in answer.parts.enumerated().reversed() {
            if case .toolResult(let id, _) = part { places[id, default: []].append(index) }
        }
        var taken: Set<Int> = []
        for case .toolCall(let call) in calls {
            let index = places[call.id]?.popLast()
            if let index { taken.insert(index) }
            turns.append(Message(role: message.role, parts: before + [.toolCall(call)]))
            turns.append(Message(role: answer.role, parts: index.map { [answer.parts[$0]] } ?? []))
            before = []
        }
        turns[turns.count - 1].parts += answer.parts.enumerated().filter { !taken.contains($0.offset) }.map(\.element)
        return turns.filter { !$0.parts.isEmpty }
    }

    /// The parts with texts appended to the last result; nil when nothing changes.
    private static func joiningTexts(_ parts: [Part]) -> [Part]? {
        guard let last = parts.lastIndex(where: { if case .toolResult = $0 { true } else { false } }),
            case .toolResult(let id, let result) = parts[last]
        else { return nil }
        var texts = [result]
        var joined: [Part] = []
        for part in parts[(last + 1)...] {
            if case .text(let text) = part { texts.append(text) } else { joined.append(part) }
        }
        guard texts.count > 1 else { return nil }
        return parts[..<last] + [.toolResult(callID: id, text: texts.joined(separator: "\n\n"))] + joined
    }
}
