package dev.patchkey.service.web;

import dev.patchkey.service.problem.ProblemType;
import dev.patchkey.service.refcount.KeyName;
import io.swagger.v3.oas.annotations.Hidden;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Answers what a servlet or a filter has refused before any controller saw it. */
@Hidden
@RestController
class FallbackController implements ErrorController {

    @RequestMapping("${spring.web.error.path:${error.path:/error}}")
    ResponseEntity<ProblemDetail> error(HttpServletRequest request) {
        Object code = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
        HttpStatus status = code instanceof Integer number ? HttpStatus.resolve(number) : HttpStatus.NOT_FOUND;
        HttpStatus known = status == null ? HttpStatus.INTERNAL_SERVER_ERROR : status;
        ProblemDetail problem = known == HttpStatus.BAD_REQUEST
                ? path(String.valueOf(request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI)))
                : Problems.problem(
                        ProblemType.of(known), null, ProblemType.of(known).title());
        problem.setStatus(known);
        return ResponseEntity.status(known)
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .body(problem);
    }

    /** The firewall refuses paths that two readers could read in two ways, before a key can be looked at. */
    private static ProblemDetail path(String uri) {
        if (uri.contains(";")) {
            return Problems.problem(ProblemType.INVALID_FIELD, "path", "path must be without a semicolon");
        }
        if (JettyProblems.isOfAKey(uri)) {
            return Problems.problem(
                    ProblemType.INVALID_FIELD, "key", "key must be " + KeyName.RULE + "; the path was refused");
        }
        return Problems.problem(ProblemType.INVALID_REQUEST, null, ProblemType.INVALID_REQUEST.title());
    }
}
