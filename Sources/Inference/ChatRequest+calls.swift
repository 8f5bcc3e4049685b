extension ChatRequest {
    /// The same conversation with its calls numbered consecutively: `call00001`, `call00002`.
    ///
    /// Ids are chosen by clients. In a prompt they would make equal requests differ, so that neither the engine's cache
    /// nor cached and recorded answers would match; and Mistral's templates only accept ids of nine letters and digits.
    /// A result belongs to the last call with its id; a result without a call gets a number of its own.
    ///
    /// A conversation that is numbered already is not copied: several answers to it share its memory.
    /// - Complexity: O(parts of the conversation).
    package func numberingCalls() -> ChatRequest {
        var numbers: [String: Int] = [:]
        var count = 0
        func next(_ id: String) -> Int {
            count += 1
            numbers[id] = count
            return count
        }
        var request = self
        for (index, message) in self.messages.enumerated() {
            for (position, part) in message.parts.enumerated() {
                switch part {
                case .toolCall(var call):
                    let id = Self.callID(next(call.id))
                    guard id != call.id else { continue }
                    call.id = id
                    request.messages[index].parts[position] = .toolCall(call)
                case .toolResult(let known, let text):
                    let id = Self.callID(numbers[known] ?? next(known))
                    guard id != known else { continue }
                    request.messages[index].parts[position] = .toolResult(callID: id, text: text)
                case .text, .image, .reasoning: break
                }
            }
        }
        return request
    }

    /// The number of calls in the conversation.
    package var callCount: Int {
        self.messages.reduce(0) { count, message in
            count + message.parts.count { if case .toolCall = $0 { true } else { false } }
        }
    }

    private static func callID(_ number: Int) -> String {
        let digits = String(number)
        return "call" + String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
    }
}
