import Inference
import ServiceModel
import Testing

private func call(_ id: String) -> ChatRequest.Part {
    .toolCall(ToolCall(id: id, name: "look", arguments: .object([])))
}

struct CallNumbersTests {
    @Test func `calls and their results are numbered in order, whatever their ids`() {
        let request = ChatRequest(messages: [
            .init(role: .user, parts: [.text("look twice")]),
            .init(role: .assistant, parts: [.text("so I do"), call("tooluse_b"), call("tooluse_a")]),
            .init(
                role: .user,
                parts: [.toolResult(callID: "tooluse_a", text: "1"), .toolResult(callID: "tooluse_b", text: "2")]),
            // The same id again, and a result that no call has.
            .init(role: .assistant, parts: [call("tooluse_b")]),
            .init(
                role: .user,
                parts: [.toolResult(callID: "tooluse_b", text: "3"), .toolResult(callID: "lost", text: "4")]),
        ])
        let ids = request.numberingCalls().messages.flatMap(\.parts).compactMap { part -> String? in
            switch part {
            case .toolCall(let call): call.id
            case .toolResult(let id, _): id
            default: nil
            }
        }
        #expect(
            ids == [
                "call00001", "call00002", "call00002", "call00001", "call00003", "call00003", "call00004",
            ])
        #expect(request.callCount == 3)
    }

    @Test func `conversations that differ in ids alone are the same request`() {
        func request(_ id: String) -> ChatRequest {
            ChatRequest(messages: [
                .init(role: .user, parts: [.text("look")]), .init(role: .assistant, parts: [call(id)]),
                .init(role: .user, parts: [.toolResult(callID: id, text: "blue")]),
            ]).numberingCalls()
        }
        #expect(
            RequestFingerprint(request("call_x"), model: "m") == RequestFingerprint(request("tooluse_y"), model: "m"))
    }

    @Test func `a conversation that is numbered already stays as it is`() {
        let request = ChatRequest(messages: [
            .init(role: .assistant, parts: [call("x"), call("y")]),
            .init(role: .user, parts: [.toolResult(callID: "y", text: "1"), .toolResult(callID: "x", text: "2")]),
            .init(role: .user, parts: [.toolResult(callID: "lost", text: "3")]),
        ]).numberingCalls()
        #expect(
            RequestFingerprint(request.numberingCalls(), model: "m") == RequestFingerprint(request, model: "m"))
    }
}
