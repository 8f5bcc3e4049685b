import Primitives
import Testing

@Suite struct RequestHeadTests {
    @Test(arguments: [
        ("/", "/", ""), ("/?", "/", ""), ("/a?b=c", "/a", "b=c"), ("/a?b?c", "/a", "b?c"),
        ("/model/a%3Av1%2F2/invoke?x=%3F", "/model/a%3Av1%2F2/invoke", "x=%3F"), ("/é?ü", "/é", "ü"),
    ])
    func `a target is parted at its first question mark and stays raw`(
        _ target: String, _ path: String, _ query: String
    ) {
        let head = RequestHead(method: "GET", target: target, headers: ["Host": "a"])
        #expect(head.path == path)
        #expect(head.query == query)
        #expect(head.headers.first("host") == "a")
    }
}
