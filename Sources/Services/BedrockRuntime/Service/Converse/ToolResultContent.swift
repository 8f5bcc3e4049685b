internal import Inference

/// What a tool returned: texts, and images that stand behind the results, since a result is a text to an engine.
struct ToolResultContent {
    /// The place of the result in its message, from 1: images are told apart by it.
    let number: Int
    /// Whether the tool failed: a mark says so, since a result has no other place for it.
    let isError: Bool
    private var texts: [String] = []
    private var images: [ChatRequest.Part] = []

    private static let errorMark = "Error: "

    init(number: Int, isError: Bool) {
        self.number = number
        self.isError = isError
    }

    mutating func add(_ text: String) { self.texts.append(text) }

    /// Adds an image; a mark stands for it in the text and before the image.
    mutating func add(_ image: ChatRequest.Part) {
        let mark = "[image \(self.number).\(self.images.count / 2 + 1)]"
        self.texts.append(mark)
        self.images += [.text(mark), image]
    }

    func parts(callID: String) -> [ChatRequest.Part] {
        let text = self.texts.joined(separator: "\n")
        let isMarked = !self.isError || text.prefix(5).lowercased() == "error"
        return [.toolResult(callID: callID, text: isMarked ? text : Self.errorMark + text)] + self.images
    }
}
