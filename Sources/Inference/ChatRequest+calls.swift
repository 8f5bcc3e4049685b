extension ChatRequest {
    /// The same conversation with its calls numbered from its beginning: `call00001`, `call00002`.
    ///
    /// Ids are for clients. A prompt that has them in it would be another one for the same words, neither found in the
    /// engine's cache nor among kept and recorded answers; and Mistral's templates take none but such of nine letters
    /// and digits. A result belongs to the last call of its id; one that answers no call has a number of its own.
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
                    call.id = Self.callID(next(call.id))
                    request.messages[index].parts[position] = .toolCall(call)
                case .toolResult(let id, let text):
                    let number = numbers[id] ?? next(id)
                    request.messages[index].parts[position] = .toolResult(callID: Self.callID(number), text: text)
                case .text, .image, .reasoning: break
                }
            }
        }
        return request
    }

    /// How many calls the conversation has.
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
