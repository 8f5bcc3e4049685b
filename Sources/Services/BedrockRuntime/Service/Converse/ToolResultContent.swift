internal import Inference

/// The result of a tool: texts, and images that follow the results, since to an engine a result is a text.
struct ToolResultContent {
    /// The position of the result in its message, from 1; it distinguishes the images of several results.
    let number: Int
    /// Whether the tool failed: marked in the text, since a result has no other field for it.
    let isError: Bool
    private var texts: [String] = []
    private var images: [ChatRequest.Part] = []

    private static let errorMark = "Error: "

    init(number: Int, isError: Bool) {
        self.number = number
        self.isError = isError
    }

    mutating func add(_ text: String) { self.texts.append(text) }

    /// Adds an image; a marker refers to it in the text and precedes the image.
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
